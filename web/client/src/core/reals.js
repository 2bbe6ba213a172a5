/**
 * A finite real with the fewest digits that name it, in the shorter of fixed and scientific notation, as C++ has it.
 * @param {number} real
 */
export function realText(real) {
  if (Object.is(real, -0)) return '-0';
  const [digits, power] = /** @type {[string, string]} */ (real.toExponential().split('e'));
  const scientific = `${digits}e${power[0]}${power.slice(1).padStart(2, '0')}`;
  if (Math.abs(real) < 1e-4 && real !== 0) return scientific;
  const fixed = Number.isInteger(real) ? String(BigInt(real)) : String(real);
  return fixed.length <= scientific.length ? fixed : scientific;
}
