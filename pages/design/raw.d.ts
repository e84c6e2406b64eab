/** The text of a file of this project, as it is on disk. */
declare module '*?raw' {
  const text: string
  // biome-ignore lint/style/noDefaultExport: the build gives it this name
  export default text
}
