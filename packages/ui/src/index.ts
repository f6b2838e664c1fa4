export { barChart, escaped, type LineChart, lineChart } from './chart.ts';
export { type CostCurve, costCurve } from './curve.ts';
export { displayName, displayText } from './name.ts';
export { costAt, fitCost, gaps, median, type Point, quantile, quietGap } from './statistics.ts';
