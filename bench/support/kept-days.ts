/** Days that each table keeps its rows with the settings of a new installation. */
export const KEPT_DAYS: Readonly<Record<string, number>> = {
  traffic_samples: 92,
  traffic_5m: 100,
  traffic_1h: 3 * 365,
  traffic_1d: 365,
  scaling_1h: 100,
  scaling_1d: 365,
  capacity_steps: 100,
  autoscaling_history: 90,
  ticks: 90,
  traffic_predictions: 35,
  prediction_scores: 365,
};
