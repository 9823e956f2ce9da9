// The version of Vault that this server is compatible with, and says that it is.

export const VERSION = '1.16.3';
/** When Vault 1.16.3 was built: clients parse it, and nothing depends on it. */
export const BUILD_DATE = '2024-05-29T14:10:00Z';
/** What mounts say of the engine that they run. */
export const PLUGIN_VERSION = `v${VERSION}+builtin.vault`;
