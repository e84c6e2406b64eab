/** Entry of the 404 page: offers the explorer when the address looks like something on the chain. */
import { explorerPath, readSearch } from '../shared/addresses.ts'
import { mount, startFrame } from '../shared/frame/start.tsx'
import '../shared/styles/answer.css'

startFrame()
const guess = guessOf(location.pathname)
if (guess) mount('guess', guess)

function guessOf(pathname: string) {
  const last = pathname.split('/').findLast((part) => part !== '') ?? ''
  const meaning = readSearch(last)
  if (meaning.kind === 'nothing') return undefined
  const names = {
    height: 'a block height',
    hash: 'the hash of a block, a transaction or a receipt',
    address: 'an address on the chain',
  } as const
  return (
    <>
      <code class="break">{meaning.value}</code> looks like {names[meaning.kind]}.{' '}
      <a href={explorerPath.search(meaning.value)}>Look it up in the explorer</a>.
    </>
  )
}
