/** What clients say of a miner: each review stands on a receipt for work that its writer paid for. */
import { useState } from 'preact/hooks'
import { amount } from '../explorer/wire.ts'
import { slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { sendJson } from '../shared/live/send.ts'
import { integer, list, maybe, object, text } from '../shared/live/shape.ts'
import { SignedIn } from '../shared/signed-in.tsx'
import { amountWords } from '../shared/ui/amount-text.ts'
import { RadioField } from '../shared/ui/form/choices.tsx'
import { SelectField, TextAreaField } from '../shared/ui/form/fields.tsx'
import { Form } from '../shared/ui/form/form.tsx'
import { jobLink } from '../shared/ui/links.tsx'
import { Empty, Loaded, Skeleton } from '../shared/ui/states.tsx'
import { When } from '../shared/ui/time.tsx'
import { type Offer, review, reviewPage } from './wire.ts'

const commentCharsMax = 2_000

export function Reviews({ offer, path }: { offer: Offer; path: string }) {
  const [written, setWritten] = useState(0)
  const found = useResource(`${path}/reviews`, reviewPage, `${slowEdge.value} ${written}`)
  return (
    <>
      <h2 class="section-title">Reviews</h2>
      <Loaded resource={found} what="the reviews" loading={<Skeleton size={16} />}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No reviews">
              <span>Whoever holds a receipt for work of this miner can write one.</span>
            </Empty>
          ) : (
            <ul class="reviews">
              {items.map(({ review_id: id, rating, comment, receipt_id: receipt, ...rest }) => (
                <li key={id}>
                  <p class="review-head">
                    <strong>{rating} of 5</strong>
                    <span class="small muted">
                      <When ms={rest.created_at} ageOnly /> by{' '}
                      <span class="mono break">{rest.reviewer}</span>
                    </span>
                  </p>
                  {comment === '' ? null : <p class="review-text">{comment}</p>}
                  <p class="small muted">For job {jobLink(receipt)}</p>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      {offer.kind === 'remote' ? null : (
        <div class="below">
          <SignedIn to="review work that you paid for">
            {() => <Write offer={offer} path={path} onWritten={() => setWritten(written + 1)} />}
          </SignedIn>
        </div>
      )}
    </>
  )
}

/** Jobs of this account, as `GET /jobs` says them. */
const ownJobs = object({
  items: list(
    object({
      job_id: text,
      assigned_miner_id: maybe(text),
      receipt_id: maybe(text),
      amount: maybe(amount),
      model: text,
    }),
  ),
  total: integer(0),
})

type WriteProps = { offer: Offer; path: string; onWritten: () => void }

function Write({ offer, path, onWritten }: WriteProps) {
  const jobs = useResource('/api/v1/jobs?limit=100', ownJobs, slowEdge.value)
  const [receipt, setReceipt] = useState('')
  const [rating, setRating] = useState('')
  const [comment, setComment] = useState('')
  if (jobs.phase !== 'ready') return null
  const paid = jobs.value.items.filter(
    (job) => job.assigned_miner_id === offer.miner_id && job.receipt_id !== undefined,
  )
  if (paid.length === 0) {
    return (
      <p class="small muted">
        To review it you need a receipt for work of {offer.miner_id}. You hold none among your
        newest jobs.
      </p>
    )
  }
  const chosen = receipt === '' ? (paid[0]?.receipt_id ?? '') : receipt
  return (
    <Form
      label="Write a review"
      send="Publish the review"
      cost="Public, with the receipt that it is about"
      check={() => [
        ...(rating === '' ? [{ field: 'rating', message: 'Choose how good it was.' }] : []),
        ...(comment.length > commentCharsMax
          ? [{ field: 'comment', message: 'The comment is too long.' }]
          : []),
      ]}
      onSend={async () => {
        const body = { receipt_id: chosen, rating: Number(rating), comment: comment.trim() }
        const sent = await sendJson(`${path}/reviews`, body, review)
        if (!sent.ok) {
          return {
            happened: sent.error.message,
            money: 'Nothing was published, and a review costs nothing.',
            remedy: 'Choose another receipt, or try again.',
          }
        }
        setRating('')
        setComment('')
        onWritten()
        return undefined
      }}
    >
      <SelectField
        name="receipt"
        label="About"
        required
        value={chosen}
        options={paid.map((job) => ({
          value: job.receipt_id ?? '',
          label: `${job.model || 'a job'}, ${job.amount === undefined ? 'not paid yet' : amountWords(job.amount)}, ${job.job_id.slice(0, 8)}…`,
        }))}
        onValue={setReceipt}
      />
      <RadioField
        name="rating"
        label="How good was it?"
        required
        choices={[5, 4, 3, 2, 1].map((stars) => ({
          value: String(stars),
          label: `${stars} of 5`,
        }))}
        value={rating}
        onValue={setRating}
      />
      <TextAreaField
        name="comment"
        label="Comment"
        value={comment}
        lengthMax={commentCharsMax}
        onValue={setComment}
      />
    </Form>
  )
}
