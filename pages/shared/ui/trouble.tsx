/** How a failed action is told: what happened, what it means for the reader's money, what to do now. */

export type Trouble = {
  /** "The site did not answer within 10 seconds." */
  readonly happened: string
  /** "Nothing was sent, so nothing was paid." */
  readonly money: string
  /** "Try again; the same request is never paid twice." */
  readonly remedy: string
}

export function TroubleNote({ trouble }: { trouble: Trouble }) {
  return (
    <div class="note note-failed trouble" role="alert">
      <strong>{trouble.happened}</strong>
      <span>
        {trouble.money} {trouble.remedy}
      </span>
    </div>
  )
}
