import { confidence, median, pairedRatios } from '../support/statistics.mjs';

/**
 * Turns a suite's samples into rows that can be shown: figure, ratio, the interval of what is promised, and whether the
 * promise is kept. A row promises a ratio (`target`, `atLeast`) or a figure (`targetFigure`), or nothing.
 */
export function toRows(suite) {
  return suite.rows.map((row) =>
    row.targetFigure || row.isFigure ? figureRow(row, suite) : ratioRow(row, suite),
  );
}

function ratioRow(row, suite) {
  const figures = suite.samples[row.figures ?? row.id];
  const base = suite.samples[row.reference ?? suite.reference];
  const ratios = pairedRatios(figures, base);
  const ratio = median(ratios);
  const [low, high] = confidence(ratios);
  const noise = ratioNoise(row, suite);
  const [best, worst] = [ratio * (1 - noise), ratio * (1 + noise)];
  return {
    ...row,
    figure: row.figures === undefined ? median(figures) : undefined,
    ratio,
    low,
    high,
    verdict: verdictOf(row, best, worst),
  };
}

function figureRow(row, { samples }) {
  const figures = samples[row.id];
  const [low, high] = confidence(figures);
  const figure = median(figures);
  const [noiseLow, noiseHigh] = row.noiseRow ? confidence(samples[row.noiseRow]) : [0, 0];
  const noise = Math.max(0, noiseHigh, -noiseLow);
  const promise = { target: row.targetFigure };
  return { ...row, figure, low, high, verdict: verdictOf(promise, figure - noise, figure + noise) };
}

/** How far the A/A row's interval reaches from 1: what two equal servers differ by in this run. */
function ratioNoise({ noiseRow = 'noise', reference }, suite) {
  if (suite.samples[noiseRow] === undefined) return 0;
  const base = suite.samples[noiseRow === 'noise' ? suite.reference : reference];
  const [low, high] = confidence(pairedRatios(suite.samples[noiseRow], base));
  return Math.max(0, high - 1, 1 - low);
}

/** Met, or missed, beyond the noise; else nobody can tell from this run. */
function verdictOf({ target, atLeast }, best, worst) {
  if (target !== undefined) {
    if (worst <= target) return 'met';
    return best > target ? 'missed' : 'within noise';
  }
  if (atLeast === undefined) return undefined;
  if (best >= atLeast) return 'met';
  return worst < atLeast ? 'missed' : 'within noise';
}
