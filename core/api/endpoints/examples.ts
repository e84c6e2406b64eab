/** What a real site answered to the examples of the table; long hex and lists are cut short. */
import recorded from './examples.json' with { type: 'json' }

/** Answers by the id of the endpoint. */
export const answerExamples: Readonly<Record<string, unknown>> = recorded
