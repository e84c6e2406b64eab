/** Key under which the choice `light | dark | system` is stored, shared by all pages of the origin. */
export const themeStorageKey = 'aitbc:theme'
