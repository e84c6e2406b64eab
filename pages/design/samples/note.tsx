import { Disclosure, Note } from '../../shared/ui/bits.tsx'
import { TroubleNote } from '../../shared/ui/trouble.tsx'

export function NoteSample() {
  return (
    <>
      <Note title="Keys stay on this machine">Nobody can restore them for you.</Note>
      <Note title="The escrow ends in 3 days" tone="caution">
        Jobs that run longer are refused.
      </Note>
      <TroubleNote
        trouble={{
          happened: 'The site did not answer within 10 seconds.',
          money: 'Nothing was sent, so nothing was paid.',
          remedy: 'Try again: the same request is never paid twice.',
        }}
      />
      <Disclosure summary="What is in the proof">
        The path from the transaction to the root in the header, and the commits that made it final.
      </Disclosure>
    </>
  )
}
