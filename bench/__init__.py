"""What grading costs, against a floor and against what one would write by hand: `python -m bench`.

Everything here prints figures and judges nothing. It knows the grader from outside, by its public parts.
"""
