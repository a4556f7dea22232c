import type { ServerOptions } from 'socket.io';
import { NamespaceInbox } from './namespace-inbox';
import { Unharmed } from './unharmed';
import { World } from './world';

export interface Fresh {
  /** The server, a new one for each test. */
  readonly world: World;
  /** The library's events on the main namespace. */
  readonly told: NamespaceInbox;
}

/** Gives each test of the surrounding `describe` a new server. */
export function freshWorld(options: Partial<ServerOptions> = {}): Fresh {
  const world = new World(options);
  const told = new NamespaceInbox();

  beforeEach(async () => {
    await world.listen();
    told.listen(world.io.of('/'));
  });

  afterEach(() => world.close());

  return { world, told };
}

/** As {@link freshWorld}. A test also fails if an exception, a rejection or a warning reaches the process. */
export function unharmedWorld(options: Partial<ServerOptions> = {}): Fresh {
  let unharmed: Unharmed;

  beforeEach(() => {
    unharmed = new Unharmed();
  });

  const fresh = freshWorld(options);

  afterEach(() => unharmed.close());

  return fresh;
}
