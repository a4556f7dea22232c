/**
 * A phone's keyboard covers the page, and in some browsers `dvh` does not tell: the page is made as high as what is left
 * of it. Pinching to zoom makes the visual viewport small, too, and must change nothing.
 */
export function fitViewport() {
  const viewport = window.visualViewport;
  const fit = () => {
    if (Math.abs(viewport.scale - 1) > 0.01) return;
    document.documentElement.style.setProperty('--height', `${viewport.height}px`);
    document.documentElement.style.setProperty('--top', `${viewport.offsetTop}px`);
  };
  viewport?.addEventListener('resize', fit);
  viewport?.addEventListener('scroll', fit);
}
