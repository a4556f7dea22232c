export { backchannelLogout } from './oidc/backchannel-logout';
export type { BackchannelLogoutOptions, LogoutAuthorizer, LogoutRequest } from './oidc/settings';
