/** Every part of the design system, each with the sample that is shown and its text. */
import type { Demo } from './parts.tsx'
import { AmountSample } from './samples/amount.tsx'
import amountCode from './samples/amount.tsx?raw'
import { BadgeSample } from './samples/badge.tsx'
import badgeCode from './samples/badge.tsx?raw'
import { ButtonsSample } from './samples/buttons.tsx'
import buttonsCode from './samples/buttons.tsx?raw'
import { ChartSample } from './samples/chart.tsx'
import chartCode from './samples/chart.tsx?raw'
import { DialogSample } from './samples/dialog.tsx'
import dialogCode from './samples/dialog.tsx?raw'
import { FieldsSample } from './samples/fields.tsx'
import fieldsCode from './samples/fields.tsx?raw'
import { FormSample } from './samples/form.tsx'
import formCode from './samples/form.tsx?raw'
import { HashSample } from './samples/hash.tsx'
import hashCode from './samples/hash.tsx?raw'
import { IconsSample } from './samples/icons.tsx'
import iconsCode from './samples/icons.tsx?raw'
import { ListSample } from './samples/list.tsx'
import listCode from './samples/list.tsx?raw'
import { NoteSample } from './samples/note.tsx'
import noteCode from './samples/note.tsx?raw'
import { PairsSample } from './samples/pairs.tsx'
import pairsCode from './samples/pairs.tsx?raw'
import { ProgressSample } from './samples/progress.tsx'
import progressCode from './samples/progress.tsx?raw'
import { StatesSample } from './samples/states.tsx'
import statesCode from './samples/states.tsx?raw'
import { StatusSample } from './samples/status.tsx'
import statusCode from './samples/status.tsx?raw'
import { TableSample } from './samples/table.tsx'
import tableCode from './samples/table.tsx?raw'
import { TabsSample } from './samples/tabs.tsx'
import tabsCode from './samples/tabs.tsx?raw'
import { TimeSample } from './samples/time.tsx'
import timeCode from './samples/time.tsx?raw'
import { ToastSample } from './samples/toast.tsx'
import toastCode from './samples/toast.tsx?raw'
import { VerdictSample } from './samples/verdict.tsx'
import verdictCode from './samples/verdict.tsx?raw'

export const demos: readonly Demo[] = [
  {
    id: 'hash',
    title: 'Hash',
    lead: 'Head and tail to compare at a glance, the whole on focus and in one copy. Equal values light up together. Use it for every hash, address and id.',
    view: HashSample,
    code: hashCode,
  },
  {
    id: 'amount',
    title: 'Amount',
    lead: 'Always from base units, aligned on the point; the unit is small. A sign says whether it comes in or goes out, the colour only repeats it. Base units are one press away.',
    view: AmountSample,
    code: amountCode,
  },
  {
    id: 'time',
    title: 'Time',
    lead: 'Age or UTC, as the reader prefers: one preference for the whole site, kept in this browser.',
    view: TimeSample,
    code: timeCode,
  },
  {
    id: 'status',
    title: 'Status',
    lead: 'A word and a shape. Colour is the third sign, for those who see it.',
    view: StatusSample,
    code: statusCode,
  },
  {
    id: 'verdict',
    title: 'Verdict',
    lead: 'What became of a check: it holds, it is not yet final, or it cannot be made, and then why. Never leave out the third.',
    view: VerdictSample,
    code: verdictCode,
  },
  {
    id: 'badge',
    title: 'Badge, chip, keys',
    lead: 'A badge is a short fact. A chip is a choice in force that can be taken away. Neither is a state.',
    view: BadgeSample,
    code: badgeCode,
  },
  {
    id: 'progress',
    title: 'Progress',
    lead: 'How far something is, with words that say what is waited for. Without a share it is hatched, not animated.',
    view: ProgressSample,
    code: progressCode,
  },
  {
    id: 'icons',
    title: 'Icons',
    lead: 'Line drawings in the colour of the text. A word or a label is always beside them.',
    view: IconsSample,
    code: iconsCode,
  },
  {
    id: 'states',
    title: 'States of a figure',
    lead: 'Loading in its final size, there, stale with its age, failed with a way to try again, and empty with what would be here. All from one resource.',
    view: StatesSample,
    code: statesCode,
  },
  {
    id: 'note',
    title: 'Notes',
    lead: 'What to know before going on; what went wrong and what it means for your money; what only some want to read.',
    view: NoteSample,
    code: noteCode,
  },
  {
    id: 'buttons',
    title: 'Buttons',
    lead: 'One primary button a view. A dangerous one is red by its outline and asks again. One that cannot be pressed stays in reach and says why.',
    view: ButtonsSample,
    code: buttonsCode,
  },
  {
    id: 'dialog',
    title: 'Dialog',
    lead: 'For something short that belongs to the page. The dangerous kind names the cost, starts on the way back, and tells a failure where it happened.',
    view: DialogSample,
    code: dialogCode,
  },
  {
    id: 'toast',
    title: 'Toast',
    lead: 'Says that something is done, politely. It waits while you point at it, and is never the only place of an error.',
    view: ToastSample,
    code: toastCode,
  },
  {
    id: 'fields',
    title: 'Fields',
    lead: 'Label, hint and error belong to their control for every reader. What cannot be filled in says why.',
    view: FieldsSample,
    code: fieldsCode,
  },
  {
    id: 'form',
    title: 'Form',
    lead: 'Checks when it is sent, lists what is wrong and takes the focus there; each field shows its own. The cost stands beside the button. Send it empty to see.',
    view: FormSample,
    code: formCode,
  },
  {
    id: 'tabs',
    title: 'Tabs',
    lead: 'The views of one program. Where they do not fit, the row scrolls sideways and starts at the open one.',
    view: TabsSample,
    code: tabsCode,
  },
  {
    id: 'pairs',
    title: 'Pairs',
    lead: 'Facts about one thing, one a row. Without a value there is no row.',
    view: PairsSample,
    code: pairsCode,
  },
  {
    id: 'table',
    title: 'Table',
    lead: 'For comparing. On a phone each row becomes labelled facts.',
    view: TableSample,
    code: tableCode,
  },
  {
    id: 'list',
    title: 'List',
    lead: 'A table with filters in the address, columns of one’s own, pages by cursor, and export as CSV or JSON. This one is live and stands once, because its state is the address of the page.',
    view: ListSample,
    code: listCode,
    once: true,
  },
  {
    id: 'chart',
    title: 'Chart',
    lead: 'Drawn by SVG, read by pointer or arrow keys, always a table too. A gap is a gap. The code is fetched when the first chart is shown.',
    view: ChartSample,
    code: chartCode,
  },
]
