import { Hash } from '../../shared/ui/hash.tsx'

const hash = '0x5b1f0c7f3a94d6e8021b9c4d7e6f5a3b2c1d0e9f8a7b6c5d4e3f2a1b0c9d8e7f'

export function HashSample() {
  return (
    <>
      <Hash value={hash} what="block hash" href={`/explorer/block/${hash}`} />
      <Hash value={hash} what="block hash" />
      <Hash value={hash} what="block hash" whole />
    </>
  )
}
