/**
 * Takes every item once, so many at a time, in their order.
 *
 * @template Item
 * @param {readonly Item[]} items
 * @param {number} jobs
 * @param {(item: Item) => Promise<void>} work
 */
export async function inParallel(items, jobs, work) {
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: jobs }, worker));
}
