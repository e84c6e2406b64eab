/** Exit codes of the agent, the same for all programs of the network. */
export const exitCodes = {
  ok: 0,
  generic: 1,
  usage: 2,
  auth: 3,
  conflict: 5,
  network: 6,
  timeout: 7,
  server: 8,
  interrupt: 130,
} as const
