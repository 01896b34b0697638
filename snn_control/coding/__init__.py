"""From sensors to what neurons take: images, spike trains."""
