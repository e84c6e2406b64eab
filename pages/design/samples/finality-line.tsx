import { FinalityLine } from '../../shared/frame/finality-line.tsx'

export function FinalityLineSample() {
  return <FinalityLine />
}
