import { expect } from 'chai';
import { StoppedTime } from '../support/stopped-time';
import { startChat, TestBrowser } from './kit';
import type { Chat, ChatOptions, Tab } from './kit';

/** What the suites about the chat share: a browser, and for each test a server, a fresh profile, and no fault left. */
export class ChatSuite {
  readonly #browser = new TestBrowser();
  #chat: Chat | undefined;
  #tabs: Tab[] = [];
  #time: StoppedTime | undefined;

  /** To be made inside of a `describe`: it adds the hooks. */
  constructor() {
    const browser = this.#browser;
    before(function () {
      return browser.launch(this);
    });
    beforeEach(() => browser.open());
    afterEach(() => this.#end());
    after(() => browser.close());
  }

  get url(): string {
    return this.#chat?.url ?? '';
  }

  /** A tab that shows the chat. The first one starts the server. */
  async tab(options?: ChatOptions): Promise<Tab> {
    this.#chat ??= await startChat(options);
    const opened = await this.#browser.tab(this.url);
    this.#tabs.push(opened);
    return opened;
  }

  async user(name: string, options?: ChatOptions): Promise<Tab> {
    const opened = await this.tab(options);
    await opened.logIn(name);
    return opened;
  }

  /** Stops the server's time until the end of the test; before the first tab. */
  stopTime(): StoppedTime {
    return (this.#time ??= new StoppedTime());
  }

  /** The server ends, and another one starts in its place. */
  async restart(whileDown: () => Promise<void>): Promise<void> {
    const { port } = new URL(this.url);
    await this.#chat?.close();
    await whileDown();
    this.#chat = await startChat({}, Number(port));
  }

  async #end(): Promise<void> {
    const faults = this.#tabs.flatMap((one) => one.faults);
    this.#tabs = [];
    await this.#browser.closeProfile();
    await this.#chat?.close();
    this.#chat = undefined;
    this.#time?.resume();
    this.#time = undefined;
    expect(faults, 'faults in the console').to.deep.equal([]);
  }
}
