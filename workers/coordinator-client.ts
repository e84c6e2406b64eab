/** The coordinator object as its callers see it: one a site, named `default`. */
import type { CoordinatorService } from '../core/api/coordinator-service.ts'
import type { Env } from './env.ts'
import { idOf } from './object-ids.ts'

const coordinatorName = 'default'

/** The object's own stub, for miners' sockets. */
export const coordinatorStub = (env: Env): DurableObjectStub =>
  env.COORDINATOR.get(idOf(env.COORDINATOR, coordinatorName))

/** The object by its typed methods: native RPC, whose generic types would be `never`. */
export const coordinatorOf = (env: Env): CoordinatorService =>
  coordinatorStub(env) as unknown as CoordinatorService
