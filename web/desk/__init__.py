"""The owner's desk: the programme with its calculator, staff, branches, keys of tills, figures, the widget, and becoming a partner."""

from web.desk import applications, branches, keys, programme, settings, staff, stats, widget

BLUEPRINTS = tuple(room.blueprint for room in (applications, branches, keys, programme, settings, staff, stats, widget))
