/** Why a figure may fall short, by table, or by table and row. Shown only where it does. */
export const REASONS = {};
