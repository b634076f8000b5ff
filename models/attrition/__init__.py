"""The predictive model of attrition: who may need support soon, with calibrated probabilities and reasons."""
