/**
 * Faults to put into the code, each of which a simulation must find (SPEC.md, SIM-6).
 *
 * Left out, since the weather of a few hundred seeds does not tell them from the code as it is: that a vote
 * stands on its source (only what dishonest authorities beyond the tolerance leave behind depends on it), that
 * who goes on after a backup votes from no block before that moment (the final block that lets it go on is later
 * than what it forgot, unless clocks jump), that finality sees the blocks of its own step. Unit tests hold these.
 *
 * Long because it is a table.
 */
import { readFileSync } from 'node:fs'
import { build, type Plugin } from 'esbuild'
import { inRoot } from '../../../scripts/setup/paths.ts'
import type { ClusterOptions } from './sites.ts'

/** One fault: in `file`, `find` (there exactly once) becomes `replace`. */
export type Mutant = {
  readonly name: string
  readonly file: string
  readonly find: string
  readonly replace: string
  /** The networks in which it is looked for, and how many seeds are enough. */
  readonly run: Omit<ClusterOptions, 'seed'>
  readonly seeds: number
  /** A seed that shows it, where few do: tried before the others. */
  readonly first?: number
  /** Words of the checks that may find it, whichever comes first. */
  readonly found: RegExp
}

const honestBlamed = /accuses the honest|looks guilty/
const three = { sites: 3, slots: 20 }
const four = { sites: 4, slots: 20 }
const withTwin = { sites: 4, slots: 20, twins: 1 }
/** More that exist twice than are borne: finality may conflict, and still no honest site is to blame. */
const tooMany = { sites: 3, slots: 20, twins: 1 }
const withLiar = { sites: 4, slots: 20, liars: 1 }

/** Much is lost, late and cut off. */
const stormy = { loss: 0.3, delayMs: 6_000, cut: 0.05 }

/** All of them. */
export const mutants: readonly Mutant[] = [
  {
    name: 'the lock binds no vote',
    file: 'core/chain/consensus.ts',
    find: '  if (source.slot <= lock.slot && !fromLock) return undefined\n',
    replace: '',
    run: tooMany,
    seeds: 200,
    found: honestBlamed,
  },
  {
    name: 'a commit looks back at no vote',
    file: 'core/chain/consensus.ts',
    find: 'if (ownVotesStandOn(rules, state, block)) best = block',
    replace: 'best = block',
    run: four,
    seeds: 200,
    found: honestBlamed,
  },
  {
    name: 'votes are counted, not voters',
    file: 'core/chain/block-tree.ts',
    find: 'voters.add(authority)',
    replace: 'voters.add(voters.size)',
    run: withLiar,
    seeds: 200,
    found: /without a quorum of votes/,
  },
  {
    name: 'a vote counts from a block that nobody justified',
    file: 'core/chain/block-tree.ts',
    find: '  (tree.justified.has(toHex(source.block)) && standsOn(tree, block.hash, source.block))',
    replace: '  standsOn(tree, block.hash, source.block)',
    run: { ...withLiar, weather: { loss: 0.1, delayMs: 2_000 } },
    seeds: 120,
    first: 66,
    found: /without a quorum of votes/,
  },
  {
    name: 'the quorum is one too small',
    file: 'core/base/int.ts',
    find: 'floor((2 * n + 2) / 3)',
    replace: 'max(1, floor((2 * n + 2) / 3) - 1)',
    run: four,
    seeds: 200,
    found: /without a quorum/,
  },
  {
    name: 'a commit is counted for another block',
    file: 'core/chain/consensus.ts',
    find: 'if (isSame(other, one)) {',
    replace: 'if (other.commit.slot === commit.slot) {',
    run: withLiar,
    seeds: 200,
    found: /without a quorum|two final blocks/,
  },
  {
    name: 'two blocks in one slot',
    file: 'core/chain/consensus.ts',
    find: 'return max(head.slot + wait, proposedSlot + 1)',
    replace: 'return head.slot + wait',
    run: three,
    seeds: 200,
    found: honestBlamed,
  },
  {
    name: 'the slot of the latest own block is not durable',
    file: 'core/chain/engine-record.ts',
    find: '    certificate,\n    proposedSlot,\n    votedSlot,\n    lock,\n    stopped,\n  })',
    replace:
      '    certificate,\n    proposedSlot: 0,\n    votedSlot,\n    lock,\n    stopped,\n  })',
    run: { ...three, weather: { loss: 0.3, cut: 0.05, kill: 0.2 } },
    seeds: 60,
    found: honestBlamed,
  },
  {
    name: 'slots of votes may fall',
    file: 'core/chain/consensus.ts',
    find: 'if (head.slot <= state.votedSlot || head.height <= final.height)',
    replace: 'if (head.height <= final.height)',
    run: four,
    seeds: 200,
    found: honestBlamed,
  },
  {
    name: 'slots of votes are not durable',
    file: 'core/chain/engine-record.ts',
    find: '    proposedSlot,\n    votedSlot,\n    lock,\n    stopped,\n  })',
    replace: '    proposedSlot,\n    votedSlot: 0,\n    lock,\n    stopped,\n  })',
    run: { ...four, weather: { kill: 0.1 } },
    seeds: 200,
    found: honestBlamed,
  },
  {
    name: 'the lock is not durable',
    file: 'core/chain/engine-record.ts',
    find: '    votedSlot,\n    lock,\n    stopped,\n  })',
    replace:
      '    votedSlot,\n    lock: { slot: final.slot, hash: final.hash },\n    stopped,\n  })',
    run: { ...tooMany, weather: { kill: 0.1 } },
    seeds: 300,
    first: 69,
    found: honestBlamed,
  },
  {
    name: 'what a site has signed is not stored',
    file: 'core/chain/engine-session.ts',
    find: 'if (open.length > 0) store.writeMessages(open)',
    replace: '',
    run: four,
    seeds: 200,
    found: /./,
  },
  {
    name: 'the votes behind the lock are not stored',
    file: 'core/chain/engine-session.ts',
    find: 'signed.push(...votesBehind(state, lock.hash ? lock.slot : final.slot))',
    replace: '',
    run: { ...four, weather: { ...stormy, kill: 0.1, leaves: true, restore: 0 } },
    seeds: 300,
    found: /no one final head/,
  },
  {
    name: 'a restored backup goes on signing',
    file: 'core/chain/engine.ts',
    find: "step(nowMs, (session) => session.input({ kind: 'own_signature_met', slot }))\n    },\n    resumeSigning",
    replace: '},\n    resumeSigning',
    run: { ...four, weather: { restore: 0.02 } },
    seeds: 300,
    found: honestBlamed,
  },
  {
    name: 'a stopped site signs',
    file: 'core/chain/consensus.ts',
    find: 'rules.self !== undefined && state.stopped === undefined',
    replace: 'rules.self !== undefined',
    run: { ...four, weather: { ...stormy, restore: 0.02 } },
    seeds: 300,
    first: 55,
    found: honestBlamed,
  },
  {
    name: 'old nonces are not refused',
    file: 'core/chain/execute.ts',
    find: 'if (body.nonce < nonce) return',
    replace: 'if (body.nonce < 0n) return',
    run: withLiar,
    seeds: 60,
    found: /forged block|nonce/,
  },
  {
    name: 'nonces may leave gaps',
    file: 'core/chain/execute.ts',
    find: 'if (body.nonce > nonce) return',
    replace: 'if (body.nonce < 0n) return',
    run: withLiar,
    seeds: 60,
    found: /forged block|nonce/,
  },
  {
    name: 'a transaction outlives its last slot',
    file: 'core/chain/execute.ts',
    find: '  if (slot > body.validUntil) {',
    replace: '  if (slot < 0n) {',
    run: withLiar,
    seeds: 60,
    found: /forged block/,
  },
  {
    name: 'a transaction needs no signature',
    file: 'core/chain/check-transaction.ts',
    find: 'if (!verifier.verify({ signature, message, publicKey: body.sender })) {',
    replace: 'if (message.length === signature.length) {',
    run: withLiar,
    seeds: 60,
    found: /forged block/,
  },
  {
    name: 'a fee may be too low',
    file: 'core/chain/execute.ts',
    find: '  if (body.fee < floor) {\n',
    replace: '  if (body.fee < 0n) {\n',
    run: withLiar,
    seeds: 60,
    found: /forged block/,
  },
  {
    name: 'fees are paid and go nowhere',
    file: 'core/chain/execute.ts',
    find: '      credit(state, addressOf(proposer), fees)\n',
    replace: '',
    run: three,
    seeds: 5,
    found: /threw|holds/,
  },
  {
    name: 'fees are not paid',
    file: 'core/chain/execute.ts',
    find: "  if (!debit(state, sender, body.fee)) return refuse('BALANCE_TOO_LOW', cannotPay(body.fee))\n  bumpNonce",
    replace: '  bumpNonce',
    run: three,
    seeds: 5,
    found: /threw|holds/,
  },
  {
    name: 'a transfer gives twice what it takes',
    file: 'core/chain/messages/transfer.ts',
    find: '  credit(context.state, to, amount)\n',
    replace: '  credit(context.state, to, 2n * amount)\n',
    run: three,
    seeds: 5,
    found: /threw|holds/,
  },
  {
    name: 'a transfer takes and gives twice',
    file: 'core/chain/messages/transfer.ts',
    find: '  credit(context.state, to, amount)\n',
    replace:
      '  debit(context.state, context.sender, amount)\n  credit(context.state, to, 2n * amount)\n',
    run: three,
    seeds: 20,
    found: /instead of/,
  },
  {
    name: 'the fork choice knows no justified block',
    file: 'core/chain/block-tree.ts',
    find: '    if (better) base = block',
    replace: '    if (better && block.slot < 0) base = block',
    run: { ...four, weather: stormy },
    seeds: 300,
    found: /no one final head/,
  },
  {
    name: 'finality leaves the lost branches',
    file: 'core/chain/engine-head.ts',
    find: '      if (!bytesEqual(other, hash)) deleteBranchBlock(context, table, other)\n',
    replace: '',
    run: four,
    seeds: 50,
    found: /keeps/,
  },
  {
    name: 'lost branches above the final block stay',
    file: 'core/chain/engine-head.ts',
    find: '  deleteDesertedAbove(context, block.height, table)\n',
    replace: '',
    run: four,
    seeds: 100,
    found: /keeps/,
  },
  {
    name: 'nodes of older states stay',
    file: 'core/chain/engine-head.ts',
    find: '      dropNodes(store, execution.staled)\n',
    replace: '',
    run: three,
    seeds: 20,
    found: /keeps/,
  },
  {
    name: 'what a deserted branch held is not put back',
    file: 'core/chain/engine-head.ts',
    find: '  putBack(context, memory, deserted, slot)\n',
    replace: '',
    run: { ...four, weather: stormy },
    seeds: 200,
    found: /has lost a transaction|keeps/,
  },
  {
    name: 'a transaction is acknowledged and not stored',
    file: 'core/chain/engine-submit.ts',
    find: '  if (added.length > 0) context.store.writePooled(added)\n',
    replace: '',
    run: four,
    seeds: 200,
    found: /has lost a transaction|keeps/,
  },
  {
    name: 'what is final already is pooled again',
    file: 'core/chain/engine-head.ts',
    find: '  if (gone.length > 0) store.deletePooled(gone.map(({ hash }) => hash))\n',
    replace: '',
    run: four,
    seeds: 100,
    found: /./,
  },
  {
    name: 'a vote beside a commit counts as one across it',
    file: 'core/chain/evidence.ts',
    find: 'commit.slot < vote.target.slot &&',
    replace: 'commit.slot <= vote.target.slot &&',
    run: withTwin,
    seeds: 300,
    found: honestBlamed,
  },
  {
    name: 'a vote before a commit counts as one across it',
    file: 'core/chain/evidence.ts',
    find: '  commit.slot < vote.target.slot &&\n',
    replace: '',
    run: four,
    seeds: 100,
    found: honestBlamed,
  },
  {
    name: 'an import takes any state root',
    file: 'core/chain/engine-import.ts',
    find: 'if (!bytesEqual(rootHash(update.root), header.stateRoot)) {',
    replace: 'if (rootHash(update.root).length !== header.stateRoot.length) {',
    run: withLiar,
    seeds: 30,
    found: /forged block|accuses the honest/,
  },
  {
    name: 'an import takes any history root',
    file: 'core/chain/engine-import.ts',
    find: 'if (!bytesEqual(header.historyRoot, historyRoot(parent.execution.history))) {',
    replace: 'if (header.historyRoot.length !== 32) {',
    run: withLiar,
    seeds: 30,
    found: /forged block|accuses the honest/,
  },
  {
    name: 'an import takes any proposer',
    file: 'core/chain/engine-import.ts',
    find: 'if (!turn || !bytesEqual(turn.publicKey, header.proposer)) {',
    replace: 'if (!turn) {',
    run: withLiar,
    seeds: 30,
    found: /forged block|accuses the honest/,
  },
  {
    name: 'a block needs no signature',
    file: 'core/chain/engine-import.ts',
    find: 'if (!verifier.verify({ signature, message, publicKey: header.proposer })) {',
    replace: 'if (signature.length !== 64) {',
    run: withLiar,
    seeds: 100,
    found: /./,
  },
  {
    name: 'a vote needs no signature',
    file: 'core/chain/engine-messages.ts',
    find: 'if (!verifier.verify({ signature, message: signed, publicKey: member.publicKey })) {',
    replace: 'if (signed.length === 0) {',
    run: withLiar,
    seeds: 100,
    found: /./,
  },
  {
    name: 'a certificate may name one authority twice',
    file: 'core/chain/certificate.ts',
    find: 'if (!publicKey || (before && before.authority >= authority)) return false',
    replace: 'if (!publicKey || (before && before.authority > authority)) return false',
    run: withLiar,
    seeds: 100,
    found: /without a quorum|two final blocks/,
  },
  {
    name: 'a certificate may be by too few',
    file: 'core/chain/certificate.ts',
    find: '  if (signatures.length < quorumOf(authorities.length)) return false\n',
    replace: '',
    run: withLiar,
    seeds: 100,
    found: /without a quorum|two final blocks/,
  },
  {
    name: 'signatures in a certificate are not checked',
    file: 'core/chain/certificate.ts',
    find: '    return verifier.verify({ signature, message, publicKey })\n',
    replace: '    return message.length > 0 && signature.length > 0\n',
    run: withLiar,
    seeds: 100,
    found: /without a quorum|two final blocks/,
  },
  {
    name: 'an idle site does not say its messages again',
    file: 'core/chain/sync.ts',
    find: 'messages: engine.openMessages().slice(-pullMessagesMax),',
    replace: 'messages: [],',
    run: four,
    seeds: 200,
    found: /no one final head/,
  },
]

/** The simulator as one file of JavaScript, with a fault or, without one, as it is. */
export async function bundleMutant(outfile: string, mutant: Mutant | undefined): Promise<void> {
  await build({
    entryPoints: [inRoot('test', 'simulation', 'cluster', 'mutant-run.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    plugins: mutant ? [faultIn(mutant)] : [],
  })
}

const faultIn = (mutant: Mutant): Plugin => ({
  name: 'fault',
  setup({ onLoad }) {
    const path = inRoot(mutant.file)
    onLoad({ filter: /\.ts$/ }, (args) =>
      args.path === path ? { contents: mutate(mutant), loader: 'ts' } : undefined,
    )
  },
})

/** The text of the file with the fault. Throws when the place is not there exactly once. */
export function mutate({ file, find, replace }: Mutant): string {
  const parts = readFileSync(inRoot(file), 'utf8').split(find)
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${find}`)
  return parts.join(replace)
}
