/** Names this copy of the package: each format and each version has modules, and their state, of its own. */
export const THIS_COPY = import.meta.url;
