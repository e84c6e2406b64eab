/** Whether a host name (as in `URL.hostname`) is this machine: plain HTTP is fine there. */
export const isLoopback = (hostname: string): boolean =>
  /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname)
