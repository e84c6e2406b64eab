/** The engine: see `engine-api.ts`. */
import type { Result } from '../base/result.ts'
import type { Engine, EngineOptions, OpenError } from './engine-api.ts'

/**
 * Opens the chain that `store` holds, or lays down its genesis block. Reads the head record, the pool and
 * nothing else. Rejects a store of another genesis.
 */
export declare function openEngine(options: EngineOptions): Result<Engine, OpenError>
