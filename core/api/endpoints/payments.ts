/** Payments of the original: each job has one, which goes by the id of the job. */
import { createPaymentSchema, endPaymentSchema, paymentParams } from '../contract-requests.ts'
import { type EndpointFamily, endpoint } from '../endpoint.ts'
import { paymentReceiptSchema, refundedSchema, releasedSchema } from '../schemas/contract.ts'
import { paymentSchema } from '../schemas/jobs.ts'
import { exampleValues as values } from './example-values.ts'
import { bodyErrors, clientErrors } from './failures.ts'
import { coordinatorAt } from './paths.ts'

const ofPayment = { params: paymentParams, example: { params: { id: values.job } } } as const
const ending = {
  method: 'POST',
  auth: 'client',
  params: paymentParams,
  body: { schema: endPaymentSchema, required: true },
  example: {
    params: { id: values.job },
    body: { job_id: values.job, payment_id: values.job, reason: 'not needed any more' },
  },
} as const

/** Reading and ending payments. */
export const paymentsFamily = {
  id: 'payments',
  title: 'Payments',
  description:
    'The money of a job, in the words of the original. It is reserved in an escrow when the job is taken, released when its answer has been accepted, and free again when the job ends without one. Nobody can do either by hand against that rule.',
  endpoints: [
    endpoint({
      ...coordinatorAt('/payments'),
      method: 'POST',
      auth: 'client',
      id: 'createPayment',
      summary: 'State what is reserved for a job',
      description:
        'The reservation is made with the job. This answers it when `amount` is within; to allow more, submit the job with a higher `payment_amount`.',
      body: { schema: createPaymentSchema, required: true },
      answers: [{ status: 201, description: 'The payment', schema: paymentSchema }],
      errors: [
        ...clientErrors,
        ...bodyErrors,
        'DATABASE_UNAVAILABLE',
        'JOB_NOT_FOUND',
        'PAYMENT_NOT_FOUND',
        'PAYMENT_FIXED',
        'NOT_BUILT',
      ],
      example: { body: { job_id: values.job, amount: 0.00001 } },
    }),
    endpoint({
      ...coordinatorAt('/payments/{id}'),
      ...ofPayment,
      method: 'GET',
      auth: 'client',
      id: 'getPayment',
      summary: 'Read a payment',
      answers: [{ status: 200, description: 'The payment', schema: paymentSchema }],
      errors: [...clientErrors, 'DATABASE_UNAVAILABLE', 'PAYMENT_NOT_FOUND'],
    }),
    endpoint({
      ...coordinatorAt('/payments/{id}/release'),
      ...ending,
      id: 'releasePayment',
      summary: 'Confirm that a payment is released',
      description:
        'A payment is released by the accepted answer; before there is one this refuses, since there is nobody to pay.',
      answers: [{ status: 200, description: 'It is released', schema: releasedSchema }],
      errors: [
        ...clientErrors,
        ...bodyErrors,
        'DATABASE_UNAVAILABLE',
        'PAYMENT_NOT_FOUND',
        'PAYMENT_NOT_RELEASABLE',
      ],
    }),
    endpoint({
      ...coordinatorAt('/payments/{id}/refund'),
      ...ending,
      id: 'refundPayment',
      summary: 'Cancel the job of a payment, so that its money is free',
      answers: [{ status: 200, description: 'It is free', schema: refundedSchema }],
      errors: [
        ...clientErrors,
        ...bodyErrors,
        'DATABASE_UNAVAILABLE',
        'PAYMENT_NOT_FOUND',
        'PAYMENT_NOT_REFUNDABLE',
      ],
    }),
    endpoint({
      ...coordinatorAt('/payments/{id}/receipt'),
      ...ofPayment,
      method: 'GET',
      auth: 'client',
      id: 'getPaymentReceipt',
      summary: 'Read what became of a payment',
      answers: [{ status: 200, description: 'The receipt', schema: paymentReceiptSchema }],
      errors: [...clientErrors, 'DATABASE_UNAVAILABLE', 'PAYMENT_NOT_FOUND'],
    }),
  ],
} as const satisfies EndpointFamily
