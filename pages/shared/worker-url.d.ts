/** The address of a script that is built to run in a worker: a string, as default. */
declare module '*?worker&url'
