/** The verdict beside the balance: what the newest final block shows, checked in this browser. */
import { useEffect, useState } from 'preact/hooks'
import { Verdict } from '../../shared/ui/verdict.tsx'
import { browserApi } from '../browser-api.ts'
import type { NetworkView } from '../panel-calls.ts'
import type { ProofReply, ProofRequest, Proven } from '../proof/messages.ts'

type Props = { network: NetworkView; address: string; balance: string }

export function ProvenBalance({ network, address, balance }: Props) {
  const [proven, setProven] = useState<Proven>()
  useEffect(() => {
    let isCurrent = true
    setProven(undefined)
    const worker = startWorker()
    worker.addEventListener('message', ({ data }: MessageEvent<ProofReply>) => {
      worker.terminate()
      if (data.memory !== undefined) remember(network, data.memory)
      if (isCurrent) setProven(data.proven)
    })
    const { site, genesisHash } = network
    const memory = recall(network)
    worker.postMessage({ site, genesisHash, address, memory } satisfies ProofRequest)
    return () => {
      isCurrent = false
      worker.terminate()
    }
  }, [network.genesisHash, network.site, address, balance])
  if (!proven) return <p class="small muted">Checking against the chain…</p>
  if (proven.state === 'unverifiable') return <Verdict verdict={proven} of="Balance" />
  if (proven.state === 'not-final') {
    return (
      <Verdict verdict={proven} of="Balance">
        {proven.reason}
      </Verdict>
    )
  }
  const height = proven.height.toLocaleString('en')
  // What the site says of its head may be ahead of what is final.
  if (proven.balance !== balance) {
    return (
      <Verdict verdict={{ state: 'not-final' }} of="Balance">
        Final block {height} shows another one.
      </Verdict>
    )
  }
  return (
    <Verdict verdict={{ state: 'verified' }} of="Balance">
      In final block {height}, checked by this browser.
    </Verdict>
  )
}

type TrustedTypes = {
  createPolicy(
    name: string,
    rules: { readonly createScriptURL: (text: string) => string },
  ): { createScriptURL(text: string): unknown }
}

let policy: ReturnType<TrustedTypes['createPolicy']> | undefined

/** The one script address that a window makes: its policy stands in the manifest. */
function startWorker(): Worker {
  const url = browserApi().runtime.getURL('proof.js')
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes }
  policy ??= trustedTypes?.createPolicy('aitbc-worker', {
    createScriptURL(text) {
      if (text === url) return text
      throw new TypeError('no other script')
    },
  })
  return new Worker((policy ? policy.createScriptURL(url) : url) as string)
}

const memoryKey = ({ genesisHash }: NetworkView): string => `chain:${genesisHash}`

/** How far the chain was checked last time; without storage each check begins at genesis. */
function recall(network: NetworkView): string | undefined {
  try {
    return localStorage.getItem(memoryKey(network)) ?? undefined
  } catch {
    return undefined
  }
}

function remember(network: NetworkView, memory: string): void {
  try {
    localStorage.setItem(memoryKey(network), memory)
  } catch {
    // As above.
  }
}
