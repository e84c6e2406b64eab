/** Miners that join a coordinator of `coordinator-world.ts`, in virtual time. */
import { type Agent, type AgentOptions, createAgent, type HeldAttempt } from './agent-socket.ts'
import type { World } from './coordinator-world.ts'

const heartbeatMs = 5_000
const returnMs = 1_000
/** Until a challenge is answered and the miner is welcome. */
const welcomeMs = 20

/** For `onOffer`: neither accepts nor refuses. */
export const hold = (): void => undefined

/** For `onOffer`: accepts, and leaves the rest to the test. */
export const acceptOnly = (agent: Agent, attempt: HeldAttempt): void => agent.accept(attempt)

/** A miner that is connected and keeps sending heartbeats. Once cut off, it stays away. */
export async function join(world: World, miner: AgentOptions | Agent): Promise<Agent> {
  const agent = 'held' in miner ? miner : createAgent(miner)
  world.connect(agent)
  setInterval(() => agent.send({ type: 'heartbeat', inflight: 0, queued: 0 }), heartbeatMs)
  await world.pass(welcomeMs)
  return agent
}

/** The same, and it comes back whenever it is cut off and the coordinator is up. */
export function joinForGood(world: World, miner: AgentOptions | Agent): Promise<Agent> {
  const agent = 'held' in miner ? miner : createAgent(miner)
  setInterval(() => !agent.isConnected() && world.isUp() && world.connect(agent), returnMs)
  return join(world, agent)
}

/** The one attempt that a miner has in hand. */
export function only(agent: Agent): HeldAttempt {
  const [attempt] = agent.held.values()
  if (!attempt) throw new Error(`${agent.minerId()} holds nothing`)
  return attempt
}
