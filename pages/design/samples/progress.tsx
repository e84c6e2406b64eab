import { Progress } from '../../shared/ui/bits.tsx'

export function ProgressSample() {
  return (
    <>
      <Progress label="Commits of authorities" done={2} of={3} />
      <Progress label="Waiting for a miner" />
    </>
  )
}
