"""How a release comes from one environment into the next: the plan, the steps, and what is shown of both."""
