declare module 'metro-resolver' {
  /** Resolves as Metro does; what is here is what the tests need of it. */
  export function resolve(
    context: object,
    moduleName: string,
    platform: string | null,
  ): { readonly type: string; readonly filePath: string };
}
