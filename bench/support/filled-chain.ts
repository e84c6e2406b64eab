/**
 * A chain with content before its site starts: blocks of past slots, made by the engine and the store that
 * ship, in the very file which the site's chain object opens. A site makes one block each two seconds; to
 * wait for hundreds of them would take longer than to measure.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { unitsPerCoin } from '../../core/base/amount.ts'
import { fromHex } from '../../core/base/bytes.ts'
import { openEngine } from '../../core/chain/engine.ts'
import type { Engine } from '../../core/chain/engine-api.ts'
import { sufficientFee } from '../../core/chain/fees.ts'
import { type Genesis, type GenesisJson, parseGenesis, slotMs } from '../../core/chain/genesis.ts'
import { signTransaction, type TransactionBody } from '../../core/chain/transaction.ts'
import { addressOf } from '../../core/crypto/address.ts'
import type { Signer } from '../../core/crypto/signature.ts'
import { openSqliteChainStore } from '../../durable-objects/chain/sqlite-chain-store.ts'
import { nativeSigner } from '../../durable-objects/coordinator/native-signer.ts'
import { nodeVerifier } from '../../miner-agent/verifier.ts'
import { buildSite } from '../../scripts/setup/build.ts'
import { freshSecrets } from '../../scripts/setup/dev-vars.ts'
import { makeGenesis, siteKeys } from '../../scripts/setup/genesis.ts'
import { findFreePort } from '../../scripts/setup/port.ts'
import { startRuntime, workerName } from '../../scripts/setup/site-runtime.ts'
import { createSqliteStorage } from '../../test/support/sqlite-storage.ts'

/** How much is in it: that many blocks after the genesis, each with as many transfers. */
export type Content = { readonly blocks: number; readonly transactions: number }

/** A Worker's variables and the chain that fits them. */
export type FilledChain = {
  readonly vars: Record<string, string>
  readonly headHeight: number
}

/** Puts a chain into a new folder of state. */
export async function fillChain(statePath: string, content: Content): Promise<FilledChain> {
  const secrets = freshSecrets()
  const payer = nativeSigner(new Uint8Array(randomBytes(32)))
  const json = makeGenesis({
    chainId: 'aitbc-bench',
    // So long ago that every block has a slot of its own, and the newest is a minute old.
    nowMs: Date.now() - (content.blocks + 30) * slotMs,
    sites: [{ name: 'site-a', ...siteKeys(secrets) }],
    accounts: [{ address: addressOf(payer.publicKey), balance: 1_000_000n * unitsPerCoin }],
  })
  const vars = {
    APP_ENV: 'bench',
    ...secrets,
    GENESIS_JSON: JSON.stringify(json),
  }
  const storage = createSqliteStorage(await chainFile(statePath, vars))
  try {
    const authority = fromHex(secrets['AUTHORITY_KEY'] ?? '', 32)
    if (!authority.ok) throw new Error(authority.error.message)
    const genesis = genesisOf(json)
    const opened = openEngine({
      store: openSqliteChainStore(storage),
      genesis,
      verifier: nodeVerifier(),
      signer: nativeSigner(Uint8Array.from(authority.value)),
    })
    if (!opened.ok) throw new Error(opened.error.message)
    makeBlocks({ engine: opened.value, genesis, payer, content })
    const { height } = opened.value.head()
    if (height < content.blocks) throw new Error(`the chain ended at block ${height}`)
    return { vars, headHeight: height }
  } finally {
    storage.close()
  }
}

/** The file of the chain object, which is named by its id; only a runtime knows how. */
async function chainFile(statePath: string, vars: Record<string, string>): Promise<string> {
  await buildSite()
  const port = await findFreePort()
  const runtime = await startRuntime({ port, statePath, vars, onLog: () => undefined })
  const namespace = await runtime.getDurableObjectNamespace('CHAIN_NODE', workerName)
  const id = namespace.idFromName('chain').toString()
  await runtime.dispose()
  const folder = join(statePath, 'v3', 'do', `${workerName}-ChainNode`)
  mkdirSync(folder, { recursive: true })
  return join(folder, `${id}.sqlite`)
}

function genesisOf(json: GenesisJson): Genesis {
  const parsed = parseGenesis(json)
  if (!parsed.ok) throw new Error(parsed.error.message)
  return parsed.value
}

function makeBlocks(input: {
  readonly engine: Engine
  readonly genesis: Genesis
  readonly payer: Signer
  readonly content: Content
}): void {
  const { engine, genesis, payer, content } = input
  let nonce = 0n
  for (let slot = 1; slot <= content.blocks; slot++) {
    const nowMs = Number(genesis.genesisTimeMs) + slot * slotMs
    const batch = Array.from({ length: content.transactions }, () => {
      const to = new Uint8Array(randomBytes(20))
      const body: TransactionBody = {
        version: 1,
        sender: payer.publicKey,
        nonce: nonce++,
        fee: 0n,
        validUntil: BigInt(slot + 100),
        message: { TAG: 'transfer', data: { to, amount: 1_000n } },
      }
      const fee = sufficientFee(genesis.parameters, body)
      return signTransaction(engine.genesisHash, { ...body, fee }, payer)
    })
    const refused = engine.submit(batch, nowMs).find(({ ok }) => !ok)
    if (refused) throw new Error(`a transfer was refused: ${JSON.stringify(refused)}`)
    engine.tick(nowMs)
  }
}
