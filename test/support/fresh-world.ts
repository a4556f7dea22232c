import type { ServerOptions } from 'socket.io';
import { NamespaceInbox } from './namespace-inbox';
import { World } from './world';

/** Gives each test of the surrounding `describe` a new server, and the library's events on its main namespace. */
export function freshWorld(options: Partial<ServerOptions> = {}): { world: World; told: NamespaceInbox } {
  const world = new World(options);
  const told = new NamespaceInbox();

  beforeEach(async () => {
    await world.listen();
    told.clear();
    told.listen(world.io.of('/'));
  });

  afterEach(() => world.close());

  return { world, told };
}
