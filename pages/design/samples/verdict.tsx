import { Verdict } from '../../shared/ui/verdict.tsx'

export function VerdictSample() {
  return (
    <>
      <Verdict verdict={{ state: 'verified' }} of="Signature of the miner">
        Checked in this browser.
      </Verdict>
      <Verdict verdict={{ state: 'not-final' }} of="Settlement in block 1,204">
        Waiting for one more commit.
      </Verdict>
      <Verdict
        verdict={{ state: 'unverifiable', reason: 'The site did not send the proof. Try again.' }}
        of="Settlement in block 1,204"
      />
    </>
  )
}
