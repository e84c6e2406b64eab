/**
 * The object of one name that only one account may have, named by the name's hash: an email address or a
 * user name.
 */
import { DurableObject } from 'cloudflare:workers'
import type { NameService } from '../core/api/account-service.ts'

const key = 'owner'

export class NameClaimObject extends DurableObject<unknown> implements NameService {
  async claim(owner: string): Promise<boolean> {
    // Nothing else of this object runs between reading and writing its own storage.
    const known = await this.ctx.storage.get<string>(key)
    if (known === undefined) await this.ctx.storage.put(key, owner)
    return known === undefined || known === owner
  }

  async release(owner: string): Promise<void> {
    if ((await this.ctx.storage.get<string>(key)) === owner) await this.ctx.storage.deleteAll()
  }
}
