"""One front door per file; the table of all of them."""

from gateway.translation.flavours.alb import alb_multi, alb_single

FLAVOURS = {
    "alb": alb_single,
    "alb-multi": alb_multi,
}
"""The name on the command line → what makes the flavour."""
