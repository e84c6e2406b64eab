/** `/rpc`: proofs of final facts, and what light clients need. */
import * as z from 'zod'
import { type EndpointFamily, endpoint } from '../endpoint.ts'
import { rpcQueries } from '../rpc-queries.ts'
import {
  lightStateSchema,
  lightTransactionSchema,
  lightUpdateSchema,
  stateProofSchema,
  transactionProofSchema,
} from '../schemas/chain.ts'
import { exampleValues as values } from './example-values.ts'
import { chainErrors } from './failures.ts'
import { addressParam, hashParam } from './paths.ts'

const rpc = { method: 'GET', auth: 'none' } as const

/** Final facts with what proves them. */
export const proofsFamily = {
  id: 'proofs',
  title: 'Proofs',
  description:
    'Final facts that a caller can check with the public keys of the authorities alone. Everything travels as hex of canonical bytes.',
  endpoints: [
    endpoint({
      ...rpc,
      id: 'proveTransaction',
      path: '/rpc/proof/transaction/{hash}',
      summary: 'Prove that a transaction is final, and what it did',
      params: z.object({ hash: hashParam }),
      answers: [{ status: 200, description: 'The proof', schema: transactionProofSchema }],
      errors: [...chainErrors, 'VALIDATION_ERROR', 'NOT_FOUND', 'NOT_FINAL'],
      example: { params: { hash: values.settlement } },
    }),
    endpoint({
      ...rpc,
      id: 'proveAccount',
      path: '/rpc/proof/account/{address}',
      summary: 'Prove what an account holds, or that there is none',
      params: z.object({ address: addressParam }),
      answers: [{ status: 200, description: 'The proof', schema: stateProofSchema }],
      errors: [...chainErrors, 'ADDRESS_INVALID', 'ADDRESS_LEGACY', 'NOT_FOUND', 'NOT_FINAL'],
      example: { params: { address: values.address } },
    }),
    endpoint({
      ...rpc,
      id: 'proveEscrow',
      path: '/rpc/proof/escrow/{id}',
      summary: 'Prove what an escrow holds, or that there is none',
      params: z.object({ id: hashParam }),
      answers: [{ status: 200, description: 'The proof', schema: stateProofSchema }],
      errors: [...chainErrors, 'VALIDATION_ERROR', 'NOT_FOUND', 'NOT_FINAL'],
      example: { params: { id: values.escrow } },
    }),
    endpoint({
      ...rpc,
      id: 'proveBooking',
      path: '/rpc/proof/booking/{id}',
      summary: 'Prove a booking, or that there is none',
      params: z.object({ id: hashParam }),
      answers: [{ status: 200, description: 'The proof', schema: stateProofSchema }],
      errors: [...chainErrors, 'VALIDATION_ERROR', 'NOT_FOUND', 'NOT_FINAL'],
      example: { params: { id: values.chainBooking } },
    }),
    endpoint({
      ...rpc,
      id: 'proveBond',
      path: '/rpc/proof/bond/{address}',
      summary: 'Prove the bond of a miner’s key, or that there is none',
      params: z.object({ address: addressParam }),
      answers: [{ status: 200, description: 'The proof', schema: stateProofSchema }],
      errors: [...chainErrors, 'ADDRESS_INVALID', 'ADDRESS_LEGACY', 'NOT_FOUND', 'NOT_FINAL'],
      example: { params: { address: values.address } },
    }),
  ],
} as const satisfies EndpointFamily

const lightErrors = [...chainErrors, 'VALIDATION_ERROR', 'RANGE_INVALID'] as const

/** What a light client needs: see the rules LIGHT of the chain. */
export const lightFamily = {
  id: 'light',
  title: 'Light clients',
  description:
    'Who remembers one verified block asks from its height: each answer holds the way from there to the newest final block, by certificates and by every change of the authorities, so that nothing has to be believed. With Accept: application/octet-stream the same comes as canonical bytes.',
  endpoints: [
    endpoint({
      ...rpc,
      id: 'getLightUpdate',
      path: '/rpc/light',
      summary: 'Follow the chain from a verified block to the newest final one',
      query: rpcQueries.lightUpdate,
      answers: [
        {
          status: 200,
          description: 'The way; empty while only block 0 is final, or where none is held',
          schema: lightUpdateSchema,
        },
      ],
      errors: lightErrors,
      example: { query: { from: '7' } },
    }),
    endpoint({
      ...rpc,
      id: 'getLightTransaction',
      path: '/rpc/light/proof/transaction/{hash}',
      summary: 'Prove a transaction and its outcome under the newest final block',
      params: z.object({ hash: hashParam }),
      query: rpcQueries.light,
      answers: [{ status: 200, description: 'Way and proof', schema: lightTransactionSchema }],
      errors: [...lightErrors, 'NOT_FOUND', 'NOT_FINAL'],
      example: { params: { hash: values.settlement }, query: { from: '4' } },
    }),
    endpoint({
      ...rpc,
      id: 'getLightAccount',
      path: '/rpc/light/proof/account/{address}',
      summary: 'Prove an account, or that there is none, under the newest final block',
      params: z.object({ address: addressParam }),
      query: rpcQueries.light,
      answers: [{ status: 200, description: 'Way and proof', schema: lightStateSchema }],
      errors: [...lightErrors, 'ADDRESS_INVALID', 'ADDRESS_LEGACY', 'NOT_FOUND', 'NOT_FINAL'],
      example: { params: { address: values.address }, query: { from: '7' } },
    }),
    endpoint({
      ...rpc,
      id: 'getLightEscrow',
      path: '/rpc/light/proof/escrow/{id}',
      summary: 'Prove an escrow, or that there is none, under the newest final block',
      params: z.object({ id: hashParam }),
      query: rpcQueries.light,
      answers: [{ status: 200, description: 'Way and proof', schema: lightStateSchema }],
      errors: [...lightErrors, 'NOT_FOUND', 'NOT_FINAL'],
      example: { params: { id: values.escrow }, query: { from: '7' } },
    }),
    endpoint({
      ...rpc,
      id: 'getLightBooking',
      path: '/rpc/light/proof/booking/{id}',
      summary: 'Prove a booking, or that there is none, under the newest final block',
      params: z.object({ id: hashParam }),
      query: rpcQueries.light,
      answers: [{ status: 200, description: 'Way and proof', schema: lightStateSchema }],
      errors: [...lightErrors, 'NOT_FOUND', 'NOT_FINAL'],
      example: { params: { id: values.chainBooking }, query: { from: '7' } },
    }),
    endpoint({
      ...rpc,
      id: 'getLightBond',
      path: '/rpc/light/proof/bond/{address}',
      summary: 'Prove a bond, or that there is none, under the newest final block',
      params: z.object({ address: addressParam }),
      query: rpcQueries.light,
      answers: [{ status: 200, description: 'Way and proof', schema: lightStateSchema }],
      errors: [...lightErrors, 'ADDRESS_INVALID', 'ADDRESS_LEGACY', 'NOT_FOUND', 'NOT_FINAL'],
      example: { params: { address: values.address }, query: { from: '7' } },
    }),
  ],
} as const satisfies EndpointFamily
