/** Which hosts are this machine: the only ones that plain HTTP is good enough for. */

/** Whether a host name (as in `URL.hostname`) means this machine. */
export const isLoopback = (hostname: string): boolean =>
  /^(?:localhost|.*\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname)
