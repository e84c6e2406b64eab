/** Bounds of an export. */

/** Most rows in one file: a few megabytes, and twenty requests. */
export const exportRowsMax = 10_000

/** Rows that one request asks for: the most that the site's lists give. */
export const exportPageRows = 500
