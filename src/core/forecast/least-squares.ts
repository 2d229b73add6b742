/**
 * Least squares that forget: sums of products, solved and faded now and then. Weights w minimise
 *
 *   Σ kept^age · (y − w·x)²  +  Σ ridge_j · (w_j − prior_j)²
 *
 * The prior is what to believe before there is evidence; the ridge says how much evidence it takes to give it up.
 * Sources: ridge regression of Hoerl and Kennard (1970), recursive least squares with a forgetting factor. The sums are
 * kept rather than the inverse that textbooks update: they cannot blow up when nothing new is seen for a week.
 *
 * The trap: x that always move together make the sums singular; without its ridge the solution would be any number.
 */

/** gram: lower triangle of Σ x xᵀ, row by row. moment: Σ x·y. Both decayed. */
export type Sums = { readonly gram: Float64Array; readonly moment: Float64Array };

export function emptySums(size: number): Sums {
  return { gram: new Float64Array((size * (size + 1)) / 2), moment: new Float64Array(size) };
}

/** Room to solve in, for up to fifteen x; nothing in it outlives a call. */
const lower = new Float64Array(120);
const out = new Float64Array(15);

/** Where x_j² is summed up. */
export function diagonal(j: number): number {
  return (j * (j + 3)) / 2;
}

export function addRow({ gram, moment }: Sums, x: Float64Array, y: number, weight: number): void {
  let place = 0;
  for (let a = 0; a < moment.length; a++) {
    const weighted = weight * x[a]!;
    moment[a]! += weighted * y;
    for (let b = 0; b <= a; b++, place++) gram[place]! += weighted * x[b]!;
  }
}

export function fade({ gram, moment }: Sums, kept: number): void {
  for (let i = 0; i < gram.length; i++) gram[i]! *= kept;
  for (let i = 0; i < moment.length; i++) moment[i]! *= kept;
}

/**
 * Σ with `extra` on its diagonal, solved for the moments by Cholesky's decomposition; null where that is not positive.
 * `extra[j]` is the ridge of x_j; the prior must already be taken off y.
 */
export function solve(sums: Sums, extra: Float64Array): Float64Array | null {
  const solution = new Float64Array(sums.moment.length);
  return solveInto(solution, sums, extra) ? solution : null;
}

/** The same into an array at hand, which stays as it is where nothing can be solved. @returns whether it was solved */
export function solveInto(solution: Float64Array, { gram, moment }: Sums, extra: Float64Array): boolean {
  const n = moment.length;
  lower.set(gram);
  out.set(moment);
  for (let i = 0; i < n; i++) {
    const row = (i * (i + 1)) / 2;
    lower[row + i]! += extra[i]!;
    for (let j = 0, other = 0; j <= i; j++, other += j) {
      let sum = lower[row + j]!;
      for (let k = 0; k < j; k++) sum -= lower[row + k]! * lower[other + k]!;
      if (i !== j) lower[row + j] = sum / lower[other + j]!;
      else if (sum > 0) lower[row + j] = Math.sqrt(sum);
      else return false;
    }
    let rest = out[i]!;
    for (let k = 0; k < i; k++) rest -= lower[row + k]! * out[k]!;
    out[i] = rest / lower[row + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    let rest = out[i]!;
    for (let k = i + 1; k < n; k++) rest -= lower[(k * (k + 1)) / 2 + i]! * out[k]!;
    out[i] = rest / lower[diagonal(i)]!;
  }
  for (let i = 0; i < n; i++) solution[i] = out[i]!;
  return true;
}
