"""Operations, memory traffic and energy of the decisions of a controller."""
