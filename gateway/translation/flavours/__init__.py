"""One front door per file; the table of all of them."""

from gateway.translation.flavours.alb import alb, alb_multi

FLAVOURS = {
    "alb": alb,
    "alb-multi": alb_multi,
}
"""The name on the command line → what makes the flavour."""
