"""Did coaching help? Always beside people who were not coached in the same months, never before and after alone."""
