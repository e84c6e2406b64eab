/**
 * Entry of the 404 page: searches the docs for the words of the lost address, and offers the explorer
 * when a part of it looks like something on the chain.
 */
import { explorerPath } from '../shared/addresses.ts'
import { mount, startFrame } from '../shared/frame/start.tsx'
import '../shared/styles/answer.css'
import { type ChainMeaning, chainMeaningOf, wordsOf } from './lost.ts'
import { meaningWords, Results } from './results.tsx'

startFrame()
const meaning = chainMeaningOf(location.pathname)
if (meaning) offer(meaning)
bindSearch(meaning ? '' : wordsOf(location.pathname))
bindBack()

function offer({ kind, value }: ChainMeaning): void {
  const guess = document.getElementById('guess')
  if (guess) guess.hidden = false
  mount(
    'guess',
    <>
      <code class="break">{value}</code> looks like {meaningWords[kind]}.{' '}
      <a href={explorerPath.search(value)}>Look it up in the explorer</a>.
    </>,
  )
}

/** Answers on this page; without this the form leads to the explorer's search. */
function bindSearch(words: string): void {
  const form = document.getElementById('lost-search')
  const field = document.getElementById('lost-words') as HTMLInputElement | null
  if (!form || !field) return
  const found = document.getElementById('found')
  field.value = words
  const show = () => {
    found?.classList.remove('found-idle')
    mount('found', <Results query={field.value.trim()} />)
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    show()
  })
  if (words !== '') show()
  else found?.classList.add('found-idle')
}

/** The button is there only when it leads to a page: not to the empty one of a new tab. */
function bindBack(): void {
  const button = document.getElementById('back')
  // Not every browser has it; the page that led here is then the sign.
  const { navigation } = window as { readonly navigation?: { readonly canGoBack: boolean } }
  const cameFrom = document.referrer !== '' && history.length > 1
  if (!button || !(navigation?.canGoBack || cameFrom)) return
  button.hidden = false
  button.addEventListener('click', () => history.back())
}
