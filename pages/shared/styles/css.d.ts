/** Styles are imported for their effect; the build takes them out of the modules. */
declare module '*.css'
