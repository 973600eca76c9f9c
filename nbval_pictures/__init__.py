"""A pytest plugin with which nbval sees pictures. It knows nothing of the tutorial beside it.

``plugin`` is what pytest loads; ``settings`` what a person can choose. ``kernel`` runs cells as Jupyter does,
``notebook`` compares what they show, without the progress ``bars``, and ``images`` two pictures. ``evidence`` keeps
those that differ, ``page`` shows them, ``accept`` writes them into the notebook.
"""
