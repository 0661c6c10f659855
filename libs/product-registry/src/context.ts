import { asStored } from '#kernel/as-stored.js';
import { type Context, readers } from '#kernel/context.js';
import type { Contract } from '#kernel/contract.js';

import { importDecider } from './import/decider.js';
import { manufacturerDecider } from './manufacturer/decider.js';
import { productDecider } from './product/decider.js';

const name = 'product-registry';

/** Imports are this context's own business: what they change is told by the facts of the products themselves. */
export const productRegistryContract: Contract = {
  context: name,
  topic: 'voltrace.product-registry.v1',
  partitions: 6,
  summary: 'Which products exist, who makes them, what is known of each, and who lists them.',
  categories: [asStored(name, productDecider), asStored(name, manufacturerDecider)],
};

export const productRegistry: Context = {
  name,
  categories: [productDecider, manufacturerDecider, importDecider],
  contracts: [productRegistryContract],
  permissions: {
    'products.read': [...readers, 'service'],
    'products.write': ['curator', 'admin'],
    'manufacturers.write': ['curator', 'admin'],
    'imports.read': readers,
    'imports.write': ['curator', 'admin'],
    // Changes imports, products and manufacturers: nobody else's who may not do each of them.
    'imports.review': ['curator', 'admin'],
    'analytics.read': [...readers, 'service'],
  },
  tags: {
    products: 'Products of the registry: commands, queries, history and exports.',
    manufacturers: 'Who makes the products, under which names and EntityCode.',
    imports: 'Published equipment lists, imported row by row.',
    analytics: 'What the consumers of published facts count.',
  },
  routes: async () => [(await import('./product-registry.module.js')).ProductRegistryModule],
};
